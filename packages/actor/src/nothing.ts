/** Stands for no message, where any value may be one. */
export const nothing: unique symbol = Symbol('nothing')
