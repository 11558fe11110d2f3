// Every suite passes on core's memory.
import { memoryWorld } from "../src/MemoryWorldFactory.ts"
import { storeSuite } from "../src/StoreSuite.ts"

storeSuite("memory", memoryWorld)
