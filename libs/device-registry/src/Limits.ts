/** Events of one device that are kept; the oldest go first. */
export const eventsPerDeviceMax = 200

/** Events of devices that are not registered: anybody can cause them, so all of them share this bound. */
export const strangerEventsMax = 10_000

/** How long an event is kept: as long as the stream EVENT keeps it. */
export const eventMillisMax = 7 * 24 * 3_600_000

/** Characters of a device secret that the registry makes: 119 bits. */
export const secretLength = 20

/**
 * Secrets that one device may fetch with its product's, per hour, and all of a product per minute. Only who proved that
 * it has the product secret counts, so that strangers can't lock a device out.
 */
export const activationsPerDeviceMax = 10
export const activationsPerDeviceMillis = 3_600_000
export const activationsPerProductMax = 600
export const activationsPerProductMillis = 60_000

/** Characters of an asset id: 71 bits, so that ten million of them hardly collide. */
export const assetIdLength = 12

/** Characters of a product key that the registry makes; EnOS's own have as many. */
export const productKeyLength = 8

/**
 * Devices of an import that are written in one transaction. On SQLite the thread has nothing else to do meanwhile: some 5 ms, and then as
 * long for whoever waits, `importRestMillisMax` at most.
 */
export const importBatchMax = 64
export const importRestMillisMax = 10

/**
 * Answers of an import that wait for a client that sends its whole body before it reads: 262 144 lines, some 80 MB. Only behind those
 * does the import wait for its reader.
 */
export const importBatchesWaitingMax = 4_096

/** Bytes of one line of an import. */
export const importLineBytesMax = 2048

/** Points of one device whose latest value is kept; those that were reported longest ago give way. */
export const pointsPerDeviceMax = 1_000

/** UTF-8 bytes of one latest value in JSON. A larger one is not kept, nor an older one of its point; the uplink has it. */
export const pointValueBytesMax = 4 * 1024

/** UTF-8 bytes of the latest values of one device, some 2 ms to read and write; those that were reported longest ago give way. */
export const pointsBytesMax = 128 * 1024

/** UTF-8 bytes of latest values that one transaction reads: SQLite holds the registry's only thread meanwhile, some 10 ms. */
export const pointsBatchBytesMax = 128 * 1024

/**
 * Between uplinks of one device that are copied: 10 minutes. Those that come closer cost no copy each, and lie together in the stream more
 * than those of a device that posts hourly.
 */
export const copyApartMillis = 600_000

/** Bytes of an uplink that is copied. A larger one is in the stream only. */
export const copyBytesMax = 4 * 1024

/** Characters of a device's copies, some 120 of each uplink; the oldest give way. */
export const copiesBytesMax = 64 * 1024

/**
 * Devices that one transaction deletes with their product. Each has 200 events, 600 properties and 128 KB of latest values at
 * most. On SQLite the thread has nothing else to do meanwhile: some 10 ms, and then as long for whoever waits. One whose statements took
 * longer than `deletionMillisMax`, as on a busy machine, is followed by one of half as many. A slow disk makes none smaller: each
 * commit waits for it, and many small ones held the thread for longer.
 */
export const deletionDevicesMax = 64
export const deletionRowsMax = 2_000
export const deletionEventsMax = 1_000
export const deletionMillisMax = 10
export const deletionRestMillisMax = 10

/** Deleted devices of which the actors are not told yet: what an operator changes meanwhile waits behind them, some 100 ms. */
export const deletionUntoldMax = 256

/** Devices that are counted at one go, in some milliseconds. */
export const countedDevicesMax = 10_000

/** How long the answer to a deletion waits for its end; then it is 202. */
export const deletionAnswerMillisMax = 1_000

/** Connections of one registry to PostgreSQL for transactions; look-ups have one of their own, so that they wait for no batch. */
export const transactionsMax = 4
export const lookUpsMax = 1
/** And those of the search: one keeps its index up, another one holds the lock for that, two search. */
export const searchingMax = 4
export const connectionsMax = transactionsMax + lookUpsMax + searchingMax
