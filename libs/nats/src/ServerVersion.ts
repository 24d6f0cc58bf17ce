/** Whether a nats-server of this version, as `2.9.10`, is `major`.`minor` or newer. */
export const isAtLeast = (version: string, major: number, minor: number): boolean => {
  const [ours = 0, ofOurs = 0] = version.split(".").map(Number)
  return ours > major || (ours === major && ofOurs >= minor)
}

/** 2.9.10 answered nothing any more once its disk was full, also after there was room; 2.10.27 went on within two seconds. */
export const goesOnAfterFullDisk = (version: string): boolean => isAtLeast(version, 2, 10)
