// Wires a run together: processes, story or keys, and the display that fits the output.
import { setTimeout as delay } from 'node:timers/promises'
import { Relay } from 'casty-relay'
import { readCommandLine, usage, type DemoOptions } from './command-line.ts'
import { jsonDisplay, PictureDisplay, plainDisplay, type Display } from './display.ts'
import { Ensemble } from './ensemble.ts'
import { Interaction, keyHelp } from './interaction.ts'
import { InterruptionGuard } from './interruption.ts'
import { listenToKeys } from './keys.ts'
import { portComplaint } from './port-check.ts'
import { jsonEnd } from './render/json.ts'
import { failureLines, summaryLines } from './render/summary.ts'
import { Run } from './run.ts'
import { partitionStory } from './partition-story.ts'
import { story, type Stage, type Step } from './story.ts'
import { tellStory } from './tell-story.ts'

/** What a reader needs to see what has happened before the next thing does. */
const readingPauseMs = 1_500

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  const command = readCommandLine(argv, process.stdin.isTTY && process.stdout.isTTY)
  switch (command.type) {
    case 'help':
      console.log(usage)
      return 0
    case 'mistake':
      console.error(`${command.message}\n\n${usage}`)
      return 2
    case 'run':
      return runDemo(command.options)
  }
}

async function runDemo(options: DemoOptions): Promise<number> {
  const { port } = options
  const run = new Run(() => performance.now())
  const complaint = port === undefined ? undefined : await portComplaint(port)
  if (complaint !== undefined) {
    breakOff(complaint, run, options)
    return 1
  }
  using guard = new InterruptionGuard()
  try {
    return options.interactive
      ? await play(run, options, guard)
      : await narrate(run, options, guard)
  } catch (error) {
    const { interruption } = guard
    if (!interruption) throw error
    breakOff(interruption.message, run, options)
    return interruption.exitCode
  }
}

/** Says why there is no story, or none to its end; machines get their last line all the same. */
function breakOff(reason: string, run: Run, { json }: DemoOptions): void {
  console.error(reason)
  if (json && process.stdout.writable) console.log(jsonEnd(run.elapsedMs(), { ok: false, reason }))
}

/** Tells the story. */
async function narrate(
  run: Run,
  options: DemoOptions,
  { signal }: InterruptionGuard,
): Promise<number> {
  const isPicture = drawsPicture(options)
  let explanations: readonly Explanation[] = []
  let isGood = false
  {
    using display = openDisplay(run, options)
    await using ensemble = await openEnsemble(run, options)
    const stage = stageOf(ensemble, options, signal)
    const pauseMs = isPicture && !options.fast ? readingPauseMs : 0
    try {
      isGood = await tellStory(storyOf(options), { run, stage, pauseMs, signal })
      if (isGood) await stage.wait(pauseMs)
      else explanations = await explain(ensemble)
    } finally {
      display.finish()
    }
  }
  if (options.json) {
    console.log(jsonEnd(run.elapsedMs(), isGood ? { ok: true } : { ok: false, explanations }))
  } else {
    const { steps } = run.scene
    console.log(['', ...summaryLines(steps, isPicture && usesColor())].join('\n'))
    if (!isGood) console.error(failureLines(steps, explanations).join('\n'))
  }
  return isGood ? 0 : 1
}

/** Leaves the stage to whoever sits at the terminal. */
async function play(run: Run, options: DemoOptions, guard: InterruptionGuard): Promise<number> {
  const { promise: left, resolve: leave } = leaving(guard.signal)
  await using ensemble = await openEnsemble(run, options)
  const interaction = new Interaction(ensemble, (text) => run.tell({ type: 'notice', text }), leave)
  using _listening = run.subscribe((news) => interaction.heed(news))
  using _display = openDisplay(run, options, () => interaction.selected)
  using _keys = listenToKeys(process.stdin, (key) => interaction.press(key))
  ensemble.launch(options.nodes, options.port)
  await left
  return 0
}

/** Resolves when the user has had enough, rejects when the run is interrupted. */
function leaving(signal: AbortSignal): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((settle, reject) => {
    resolve = settle
    signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true })
  })
  return { promise, resolve }
}

interface Explanation {
  readonly node: string
  readonly summary: string
}

async function explain(ensemble: Ensemble): Promise<readonly Explanation[]> {
  return Promise.all(
    ensemble.names.map(async (node) => ({ node, summary: await ensemble.explain(node) })),
  )
}

/** The name keeps two demos on one machine apart, should a port of the one go to the other. */
async function openEnsemble(run: Run, { partition }: DemoOptions): Promise<Ensemble> {
  const relay = partition ? await Relay.start() : undefined
  return new Ensemble(`demo-${process.pid}`, run.tell, relay)
}

function storyOf({ nodes, partition }: DemoOptions): readonly Step[] {
  return partition ? partitionStory(nodes) : story(nodes)
}

function stageOf(ensemble: Ensemble, { nodes, port }: DemoOptions, signal: AbortSignal): Stage {
  return {
    launch: () => ensemble.launch(nodes, port),
    kill: (name) => ensemble.kill(name),
    restart: (name) => ensemble.restart(name),
    pause: (name) => ensemble.pause(name),
    resume: (name) => ensemble.resume(name),
    leave: (name) => ensemble.leave(name),
    cut: (sides) => ensemble.cut(sides),
    mend: () => ensemble.mend(),
    wait: async (durationMs) => delay(durationMs, undefined, { signal }),
  }
}

function openDisplay(
  run: Run,
  options: DemoOptions,
  selected: () => string | undefined = () => undefined,
): Display {
  if (options.json) return jsonDisplay(run, (line) => console.log(line))
  const what = options.partition ? 'whose cluster is cut in two' : 'that form a cluster over TCP'
  const title = `casty demo: ${options.nodes} processes ${what} (Node ${process.versions.node})`
  if (drawsPicture(options)) {
    const help = options.interactive ? keyHelp : undefined
    const picture = { color: usesColor(), title, help }
    return new PictureDisplay(run, process.stdout, picture, selected)
  }
  console.log(title)
  return plainDisplay(run, (line) => console.log(line))
}

function drawsPicture({ json }: DemoOptions): boolean {
  return process.stdout.isTTY && !json && process.env['TERM'] !== 'dumb'
}

/** By the convention of no-color.org: any value that is not empty says no. */
function usesColor(): boolean {
  return (process.env['NO_COLOR'] ?? '') === ''
}
