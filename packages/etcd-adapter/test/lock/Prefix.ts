// The prefix under which the tests of the lock write.
export const PREFIX = "test/"
