// What this package offers: stores, mirrors and locks of Rollcall over etcd.
export {}
