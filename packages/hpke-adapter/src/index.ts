// Everything @rollcall/hpke-adapter offers: the HPKE implementation of core's Sealer.
export { hpkeSealer, layerHpkeSealer } from "./HpkeSealer.ts"
