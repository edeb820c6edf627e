import { modelled } from './crdt-model.ts'
import type { Deviation } from './deviations.ts'
import { objectsOf } from './json.ts'
import type { VectorCase } from './vector-case.ts'

function isProgramOf({ suite, kind, data }: VectorCase, ...types: readonly string[]): boolean {
  return suite === 'crdt' && kind === 'programs' && types.some((type) => type === data['type'])
}

/** The facts of steps that expect an error. */
function refusedSteps({ data }: VectorCase): readonly string[] {
  return objectsOf(data['steps'], 'steps').flatMap((step, index) =>
    step['expect'] === 'error' ? [`step ${index + 1}: error`] : [],
  )
}

export const crdtDeviations: readonly Deviation[] = [
  {
    id: 'removal-resets-what-is-below',
    reason:
      'Removing or replacing what is below a key takes away exactly what the remover had seen of it. Upstream joins whatever both sides still hold, so that old content comes back with a concurrent change.',
    applies: (vector) => isProgramOf(vector, 'ormap', 'pncountermap'),
    upstream: ({ data }) => modelled(data, 'upstream'),
    ours: ({ data }) => modelled(data, 'ours'),
  },
  {
    id: 'a-map-takes-any-value',
    reason:
      'Putting a set over another is a replacement like any other, since dots are those of the map. Upstream has to refuse it, since the dots of the two sets would clash.',
    applies: (vector) => isProgramOf(vector, 'ormap') && refusedSteps(vector).length > 0,
    upstream: (vector) => Object.fromEntries(refusedSteps(vector).map((part) => [part, true])),
    ours: (vector) => Object.fromEntries(refusedSteps(vector).map((part) => [part, false])),
  },
  {
    id: 'deltas-may-come-in-any-order',
    reason:
      'A context has gaps where a delta has not come yet, so nothing is lost by one that is late. Upstream takes what a node did before for seen.',
    applies: (vector) => isProgramOf(vector, 'orset'),
    upstream: ({ data }) => modelled(data, 'upstream'),
    ours: ({ data }) => modelled(data, 'ours'),
  },
]
