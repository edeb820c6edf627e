import type { Cell } from './cell.ts'

/** Who asked, in which turn of his, and for whose question: a chain that ends with the one who asked first. */
export interface Call {
  readonly cell: Cell
  readonly turn: number
  readonly before: Call | undefined
  /** The answer comes as a message: nobody waits for it. */
  isPiped: boolean
  /** It was answered, or given up. */
  isOver: boolean
}

/** The question that an actor asks now. */
export function callOf(cell: Cell): Call {
  const { call } = cell
  // What is over is let go of, or a chain of questions without end would be kept from its beginning.
  const before = call?.isOver === true ? undefined : call
  return { cell, turn: cell.turn, before, isPiped: false, isOver: false }
}

/**
 * Who waits for whom, where a question comes to one who waits, in the same turn, for what follows from it:
 * from that one to itself.
 */
export function cycleOf(target: Cell, call: Call | undefined): readonly string[] | undefined {
  if (call === undefined) return undefined // Asked by nobody who could wait for himself.
  const paths = [target.path]
  for (let one: Call | undefined = call; one; one = one.before) {
    paths.unshift(one.cell.path)
    if (one.isPiped || one.isOver) return undefined // From there on nobody waits.
    if (one.cell === target && one.turn === target.turn && target.isHeld) return paths
  }
  return undefined
}
