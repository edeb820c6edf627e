// Loads the package with a mutant in it: all modules below it once more, under another address.
import { registerHooks } from 'node:module'
import type * as world from '../world.ts'
import type * as chaos from '../chaos.ts'
import type * as scenarios from '../scenarios.ts'
import type { Mutant } from './catalogue.ts'

const home = new URL('../../', import.meta.url).href
const planted = new Map<string, Mutant>()

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context)
    const mark = context.parentURL?.split('?mutant=')[1]
    const isOurs = resolved.url.startsWith(`${home}src/`) || resolved.url.startsWith(`${home}test/`)
    return mark === undefined || !isOurs
      ? resolved
      : { ...resolved, url: `${resolved.url}?mutant=${mark}` }
  },
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const [path = '', mark] = url.split('?mutant=')
    const mutant = mark === undefined ? undefined : planted.get(mark)
    if (!mutant || path !== `${home}src/${mutant.file}`) return loaded
    return { ...loaded, source: withMutant(mutant, String(loaded.source)) }
  },
})

function withMutant({ name, file, find, replace }: Mutant, source: string): string {
  const count = source.split(find).length - 1
  if (count === 1) return source.replace(find, () => replace)
  throw new Error(`"${name}" does not fit ${file}: its text stands there ${count} times, not once.`)
}

export interface Planted {
  readonly World: typeof world.World
  readonly chaos: typeof chaos.chaos
  readonly scenarios: typeof scenarios.scenarios
}

export async function plant(mutant: Mutant): Promise<Planted> {
  const mark = String(planted.size)
  planted.set(mark, mutant)
  // Modules of this package, whose types are known: only what they do is another.
  const { World } = (await import(`${home}test/world.ts?mutant=${mark}`)) as typeof world
  const { chaos: run } = (await import(`${home}test/chaos.ts?mutant=${mark}`)) as typeof chaos
  const played = (await import(`${home}test/scenarios.ts?mutant=${mark}`)) as typeof scenarios
  return { World, chaos: run, scenarios: played.scenarios }
}
