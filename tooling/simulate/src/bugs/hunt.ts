// Does the suite catch what it is for? Each seeded bug is switched on alone, and its plan is run, where it has one, and then seeds,
// until one is violated that holds without the bug.
import type { Plan } from '@casty/simulation'
import type { HuntBugs } from '../command-line.ts'
import { Hand, Hands, Refusal } from '../hand.ts'
import { invocation } from '../invocation.ts'
import type { Output } from '../output.ts'
import { planCommand, replayCommand } from '../report/failure.ts'
import { duration } from '../report/totals.ts'
import type { Task } from '../task.ts'
import type { SeededBug } from './bug.ts'
import { bugNamed } from './catalogue.ts'
import { pinnedPlans } from './pinned-plans.ts'
import { isOwnPromise } from './promises.ts'

/** Less than this share caught is a failure. */
export const wantedShare = 0.95
/** Of so many bugs, each is told with the command that repeats the catch. */
const mostRepeated = 5

/** One run of a hunt: by a seed, or by the plan in a file. */
export type Quarry = { readonly seed: number } | { readonly file: string; readonly plan: Plan }

export interface Hunt {
  readonly bug: SeededBug
  readonly caught:
    | { readonly by: Quarry; readonly checker: string; readonly text: string }
    | undefined
  /** Why it could not be put in: then nothing was hunted. */
  readonly misfit: string | undefined
  /** Plans and seeds that were run. */
  readonly runs: number
  readonly wallMs: number
}

export async function huntBugs(command: HuntBugs, output: Output): Promise<number> {
  const { bugs, from, seeds, workers } = command
  const hunts: Hunt[] = []
  const sound = new SoundSeeds()
  output.whenInterrupted(() => output.text(`\n${score(hunts, bugs.length)}`))
  const work = async (name: string, clean: Hand): Promise<void> => {
    const hunt = await huntBug(bugNamed(name), from, seeds, {
      isSound: async (scenario, quarry) => await sound.has(scenario, quarry, clean),
      tried: (quarry) =>
        output.progress(`${hunts.length} of ${bugs.length} bugs; ${name}: ${nameOf(quarry)}`),
    })
    hunts.push(hunt)
    output.text(huntLine(hunt, from, seeds))
    if (hunt.caught !== undefined && bugs.length <= mostRepeated) {
      output.text(`  Repeat it: ${commandOf(hunt.bug.scenario, hunt.caught.by, name)}`)
    }
    output.json(huntJson(hunt))
  }
  await using hands = new Hands(workers)
  await hands.each(bugs, work)
  const caught = hunts.filter((hunt) => hunt.caught !== undefined).length
  const misfits = hunts.filter((hunt) => hunt.misfit !== undefined).map(({ bug }) => bug.name)
  for (const line of sound.report()) output.text(line)
  output.text(`\n${score(hunts, bugs.length)}`)
  if (caught > 0 && bugs.length > mostRepeated)
    output.text(`Repeat one: ${invocation} --scenario SCENARIO --seed SEED --bugs NAME`)
  const { unsound } = sound
  output.json(JSON.stringify({ type: 'score', caught, bugs: bugs.length, misfits, unsound }))
  return caught / bugs.length >= wantedShare && misfits.length === 0 ? 0 : 1
}

/** Runs its plan, and then seeds, with one bug, until it is caught. */
export async function huntBug(
  bug: SeededBug,
  from: number,
  seeds: number,
  {
    isSound,
    tried,
  }: {
    readonly isSound: (scenario: string, quarry: Quarry) => Promise<boolean>
    readonly tried: (quarry: Quarry) => void
  },
): Promise<Hunt> {
  const startedAt = performance.now()
  let runs = 0
  const end = (caught: Hunt['caught']): Hunt => {
    return { bug, caught, misfit: undefined, runs, wallMs: performance.now() - startedAt }
  }
  await using hand = new Hand(bug)
  try {
    for (const quarry of quarriesOf(bug, from, seeds)) {
      const { result } = await hand.carryOut(taskOf(bug.scenario, quarry))
      runs += 1
      tried(quarry)
      const [violation] = result.violations
      if (violation !== undefined && (await isSound(bug.scenario, quarry))) {
        const { checker, text } = violation
        return end({ by: quarry, checker, text })
      }
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { ...end(undefined), misfit: error.message }
  }
  return end(undefined)
}

function* quarriesOf({ name }: SeededBug, from: number, seeds: number): Iterable<Quarry> {
  const pinned = pinnedPlans().get(name)
  if (pinned) yield pinned
  for (let seed = from; seed < from + seeds; seed++) yield { seed }
}

function taskOf(scenario: string, quarry: Quarry): Task {
  const subject = 'seed' in quarry ? { seed: quarry.seed } : { plan: quarry.plan }
  return { scenario, subject, events: false, shrink: false, diagram: false }
}

function nameOf(quarry: Quarry): string {
  return 'seed' in quarry ? `seed ${quarry.seed}` : 'its plan'
}

function commandOf(scenario: string, quarry: Quarry, bug?: string): string {
  return 'seed' in quarry
    ? replayCommand(scenario, quarry.seed, bug)
    : planCommand(quarry.file, bug)
}

/** Seeds and plans that hold without any bug: what the others find proves nothing. */
class SoundSeeds {
  readonly #known = new Map<string, Promise<boolean>>()
  readonly unsound: string[] = []

  has(scenario: string, quarry: Quarry, clean: Hand): Promise<boolean> {
    const key = commandOf(scenario, quarry)
    const known = this.#known.get(key) ?? this.#isSound(scenario, quarry, clean)
    this.#known.set(key, known)
    return known
  }

  async #isSound(scenario: string, quarry: Quarry, clean: Hand): Promise<boolean> {
    const { result } = await clean.carryOut(taskOf(scenario, quarry))
    if (result.verdict !== 'violated') return true
    this.unsound.push(commandOf(scenario, quarry))
    return false
  }

  report(): readonly string[] {
    if (this.unsound.length === 0) return []
    return [
      '',
      'These fail without any bug, and were left out:',
      ...this.unsound.map((one) => `  ${one}`),
    ]
  }
}

const nameWidth = 40

function huntLine({ bug, caught, misfit, wallMs }: Hunt, from: number, seeds: number): string {
  const name = bug.name.padEnd(nameWidth)
  if (misfit !== undefined) return `✗ ${name} DOES NOT FIT: ${misfit}`
  if (caught === undefined) {
    return `✗ ${name} NOT CAUGHT by ${seeds} seeds from ${from} on (${duration(wallMs)})`
  }
  const { by } = caught
  const of = 'seed' in by ? ` of ${from + seeds - 1}` : ''
  const at = `${nameOf(by)}${of}`.padEnd(16)
  const other = isOwnPromise(bug, caught.checker) ? '' : `; another promise than "${bug.promise}"`
  return `✓ ${name} ${at} ${duration(wallMs).padStart(8)}  ${caught.checker}${other}`
}

/** What it was caught by, without the plan itself. */
function byOf(quarry: Quarry): { readonly seed: number } | { readonly plan: string } {
  return 'seed' in quarry ? quarry : { plan: quarry.file }
}

function huntJson({ bug, caught, misfit, runs, wallMs }: Hunt): string {
  const { name, promise, file, scenario } = bug
  const replay = caught && commandOf(scenario, caught.by, name)
  const byOwnPromise = caught && isOwnPromise(bug, caught.checker)
  return JSON.stringify({
    type: 'bug',
    name,
    promise,
    file,
    caught: caught && { ...byOf(caught.by), checker: caught.checker, text: caught.text },
    misfit,
    byOwnPromise,
    runs,
    wallMs,
    replay,
  })
}

function score(hunts: readonly Hunt[], bugs: number): string {
  const caught = hunts.filter((hunt) => hunt.caught !== undefined).length
  const missed = hunts
    .filter((hunt) => hunt.caught === undefined && hunt.misfit === undefined)
    .map(({ bug }) => bug.name)
  const misfits = hunts.filter((hunt) => hunt.misfit !== undefined).map(({ bug }) => bug.name)
  const share = bugs === 0 ? '' : ` (${Math.floor((100 * caught) / bugs)} %)`
  const others = hunts.filter((one) => one.caught && !isOwnPromise(one.bug, one.caught.checker))
  return [
    `${caught} of ${bugs} bugs caught${share}; wanted: ${100 * wantedShare} %`,
    ...(others.length === 0
      ? []
      : [`${others.length} of them cried first over another promise than the one they break`]),
    ...(missed.length === 0 ? [] : [`Not caught: ${missed.join(', ')}`]),
    ...(misfits.length === 0 ? [] : [`Do not fit the code as it is: ${misfits.join(', ')}`]),
  ].join('\n')
}
