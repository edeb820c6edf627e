/** Types of the frames that this package sends, of 32 to 39 that are its own. */
export const remoteFrameTypes = { system: 39 } as const
