import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson, type Json } from './json.ts'

/** What was asked for cannot be read: the message is one sentence for the user. */
export class UnusableInput extends Error {
  override readonly name = 'UnusableInput'
}

export interface VectorFile {
  readonly fileName: string
  readonly content: Json
}

/**
 * The `.json` files of a directory, by name.
 *
 * @throws UnusableInput when there are none, or one cannot be read
 */
export function readVectors(directory: string): readonly VectorFile[] {
  const files = namesIn(directory).map((fileName) => ({
    fileName,
    content: contentOf(directory, fileName),
  }))
  if (files.length > 0) return files
  throw new UnusableInput(`The directory ${directory} holds no vector files (*.json).`)
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .toSorted()
  } catch (error) {
    throw new UnusableInput(`The directory ${directory} cannot be read (${reasonOf(error)}).`)
  }
}

function contentOf(directory: string, fileName: string): Json {
  const path = join(directory, fileName)
  try {
    return parseJson(readFileSync(path, 'utf8'))
  } catch (error) {
    const what = error instanceof SyntaxError ? 'is no valid JSON' : 'cannot be read'
    throw new UnusableInput(`The file ${path} ${what} (${reasonOf(error)}).`)
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code)
  return error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error)
}
