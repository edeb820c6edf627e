// Times that both ends go by, a client and the members that it uses. They are no options: one end would not know the other's.

/** A member is told what is here so often, and who sends to its entities, in milliseconds: it tells of changes until that ends. */
export const sayEveryMs = 1_000

/** Whoever does not say so for so long is told nothing any more, and asked nothing, in milliseconds: some of what it says may be lost. */
export const forgetMs: number = 10 * sayEveryMs
