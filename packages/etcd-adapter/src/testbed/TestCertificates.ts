// Certificates of one test cluster: an authority, the members' own, and clients whose name is their user. By openssl.
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Redacted } from "effect"
import type { EtcdTls } from "../client/Endpoints.ts"
import { command, type TestbedError } from "./Machine.ts"

/** Where a certificate, its key and the authority's certificate are. */
export interface CertificateFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Gives certificates. */
export interface TestAuthority {
  /** One for the members, on the loopback. */
  readonly server: Effect.Effect<CertificateFiles, TestbedError>
  /** One for a client whose common name is `name`; `days` -1 makes one that has expired. */
  readonly client: (name: string, days?: number) => Effect.Effect<CertificateFiles, TestbedError>
}

/** An authority of its own in `folder`. */
export const makeAuthority = Effect.fnUntraced(function* (
  folder: string
): Effect.fn.Return<TestAuthority, TestbedError> {
  const ca = join(folder, "ca.crt")
  const caKey = join(folder, "ca.key")
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
  yield* command([
    ...["openssl", "req", "-x509", ...newKey, "-keyout", caKey, "-out", ca],
    ...["-days", "2", "-subj", "/CN=test authority"]
  ])
  const issue = Effect.fnUntraced(function* (name: string, days: number, extensions: string) {
    const file = (end: string) => join(folder, `${name}.${end}`)
    const [cert, key, request] = [file("crt"), file("key"), file("csr")] as const
    yield* command([
      ...["openssl", "req", "-new", ...newKey, "-keyout", key, "-out", request],
      ...["-subj", `/CN=${name}`]
    ])
    const extensionFile = join(folder, `${name}.ext`)
    writeFileSync(extensionFile, extensions)
    yield* command([
      ...["openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", caKey],
      ...["-CAcreateserial", "-days", String(days), "-out", cert, "-extfile", extensionFile]
    ])
    return { ca, cert, key }
  })
  return {
    server: issue(
      "server",
      2,
      "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth"
    ),
    client: (name, days = 2) => issue(name, days, "extendedKeyUsage=clientAuth")
  }
})

/** The texts of `files`, as the client's options want them. */
export const tlsOf = (files: CertificateFiles): EtcdTls => ({
  ca: readFileSync(files.ca, "utf8"),
  cert: readFileSync(files.cert, "utf8"),
  key: Redacted.make(readFileSync(files.key, "utf8"))
})
