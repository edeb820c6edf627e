import { Child as AnyChild } from '../child.ts'
import type { Instruction, Report } from './messages.ts'

/** A process of this benchmark. */
export type Child = AnyChild<Instruction, Report>

/** @param program - in this folder */
export async function startChild(program: string): Promise<Child> {
  return await AnyChild.start<Instruction, Report>(new URL(program, import.meta.url))
}
