/** A problem that the page explains to its reader; any other error is a bug. */
export class Problem extends Error {}
