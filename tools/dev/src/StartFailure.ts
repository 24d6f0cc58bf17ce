/** A fault that the person who starts it has to mend. */
export class StartFailure extends Error {}
