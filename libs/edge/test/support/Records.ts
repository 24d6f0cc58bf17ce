/** A record of epoch 1 with two bytes that nobody can verify. */
export const protectedRecord = (contentType: number, cid: ReadonlyArray<number> = []): Uint8Array =>
  Uint8Array.from([contentType, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, ...cid, 0, 2, 1, 2])

export const cid = [1, 2, 3, 4, 5, 6, 7, 8]
