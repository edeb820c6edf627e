import { statSync } from 'node:fs'

/** A file that others on its machine may read or write than its owner and its group. */
export interface ExposedFile {
  readonly file: string
  /** As in `0644`. */
  readonly mode: string
}

/** Of a file's mode: everybody on the machine may read it, or write it. */
const everybody = 0o006

/**
 * Whether everybody may read or write a file, and by which mode; undefined where that is not so, or there are no
 * modes, or no such file.
 */
export function exposedFile(file: string): ExposedFile | undefined {
  if (process.platform === 'win32') return undefined
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0
  return mode & everybody ? { file, mode: (mode & 0o7777).toString(8).padStart(4, '0') } : undefined
}
