// Files for people: plans, from which a failed run is repeated also when it was made smaller, and
// pictures of runs.
import { accessSync, constants, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Plan } from '@casty/simulation'

/** A plan that cannot be read, or a place where nothing can be written: the message says which. */
export class UnusableFile extends Error {}

let folder: string | undefined

/** Writes a plan to a file in a directory for temporary files, and gives its path. */
export function writePlan(plan: Plan): string {
  const path = temporaryPath(plan, 'json')
  writeFileSync(path, `${JSON.stringify(plan, undefined, 2)}\n`)
  return path
}

/** Writes a picture of a run, to a file for temporary files where none is named, and gives its path. */
export function writeDiagram(plan: Plan, svg: string, file: string): string {
  const path = file === '' ? temporaryPath(plan, 'svg') : file
  writeFileSync(path, svg)
  return path
}

/**
 * Before a run that may take long: whether its picture can be written.
 *
 * @throws UnusableFile
 */
export function checkDiagram(file: string): void {
  if (file === '') return
  const stats = statSync(file, { throwIfNoEntry: false })
  if (stats?.isDirectory() === true) {
    throw new UnusableFile(`--diagram: ${file} is a directory: name a file in it.`)
  }
  const folder = dirname(file)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UnusableFile(`--diagram: ${file} cannot be written: there is no folder ${folder}.`)
  }
  try {
    accessSync(stats === undefined ? folder : file, constants.W_OK)
  } catch (error) {
    throw new UnusableFile(`--diagram: ${file} cannot be written: ${textOf(error)}.`)
  }
}

function temporaryPath({ scenario, seed }: Plan, extension: string): string {
  folder ??= mkdtempSync(join(tmpdir(), 'casty-simulate-'))
  return join(folder, `${scenario}-${seed}.${extension}`)
}

/** @throws UnusableFile */
export function readPlan(path: string): Plan {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UnusableFile(`The plan ${path} cannot be read: ${textOf(error)}.`)
  }
  if (!isPlan(value)) {
    throw new UnusableFile(`${path} holds no plan: give a file that a failed run has written.`)
  }
  return value
}

function isPlan(value: unknown): value is Plan {
  return (
    isRecord(value) &&
    typeof value['scenario'] === 'string' &&
    Number.isSafeInteger(value['seed']) &&
    typeof value['chaosMs'] === 'number' &&
    isRecord(value['settings']) &&
    Array.isArray(value['off']) &&
    Array.isArray(value['hosts']) &&
    value['hosts'].every((host) => isRecord(host) && typeof host['name'] === 'string') &&
    Array.isArray(value['actions']) &&
    value['actions'].every(isAction)
  )
}

function isAction(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value['at'] === 'number' &&
    typeof value['type'] === 'string' &&
    isRecord(value['parameters'])
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
