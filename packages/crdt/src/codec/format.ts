/** The first byte of every encoding. Another one means another form of what follows. */
export const formatVersion = 1

/** What a part of a payload is. */
export const scalarTags = { positive: 0, negative: 1, large: 2, text: 3 } as const
