// Structures that all nodes share: sequences of calls by several processes, under faults.
import { objectsOf, textOf, type JsonObject } from '../json.ts'
import { CaseRun } from '../structures/run-case.ts'
import { idOf, type VectorCase } from '../vector-case.ts'

const levels = ['founding', 'original', 'beyond']
const structures = ['counter', 'map', 'set', 'queue', 'lock', 'semaphore', 'barrier', 'general']

/** Cases of other structures are for those who build them: they are not run, and are not counted. */
export function ddataStructures(file: JsonObject): readonly VectorCase[] {
  return objectsOf(file['cases'], 'cases')
    .filter((data) => structures.includes(textOf(data['structure'], 'structure')))
    .filter((data) => levels.includes(textOf(data['level'], 'level')))
    .map((data, index) => ({
      suite: 'ddata-structures',
      id: idOf(data, `cases[${index}]`),
      kind: textOf(data['structure'], 'structure'),
      data,
      check: async () => await CaseRun.facts(data),
    }))
}
