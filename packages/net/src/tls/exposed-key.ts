import { statSync } from 'node:fs'

/** Of a file's mode: everybody on the machine may read it, or write it. */
const everybody = 0o006

/**
 * The mode of a file, as in `0644`, where everybody may read or write it; undefined where that is not so, or there are no
 * modes, or no such file.
 */
export function exposedMode(file: string): string | undefined {
  if (process.platform === 'win32') return undefined
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0
  return mode & everybody ? (mode & 0o7777).toString(8).padStart(4, '0') : undefined
}
