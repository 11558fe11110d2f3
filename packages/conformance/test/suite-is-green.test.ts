// Every suite passes on core's memory.
import { clusterCliSuite } from "../src/ClusterCliSuite.ts"
import { memoryWorld } from "../src/MemoryWorldFactory.ts"
import { mirrorSuite } from "../src/MirrorSuite.ts"
import { memoryProduct } from "../src/Product.ts"
import { rollingLockSuite } from "../src/RollingLockSuite.ts"
import { storeSuite } from "../src/StoreSuite.ts"
import { tokenIssuerSuite } from "../src/TokenIssuerSuite.ts"

storeSuite("memory", memoryWorld)
mirrorSuite("memory", memoryWorld)
tokenIssuerSuite("memory", memoryWorld)
clusterCliSuite("memory", memoryProduct)
rollingLockSuite("memory", memoryWorld)
