import type { SpawnOptions } from './actor-context.ts'
import type { ActorRef } from './actor-ref.ts'
import type { Behavior } from './behavior.ts'
import { spyOnAll } from './behaviors.ts'
import { Cell } from './cell.ts'
import { ActorError } from './errors.ts'
import { capable, knownNames } from './option-values.ts'
import { mailboxDefaults, type MailboxSettings, type OverflowPolicy } from './mailbox.ts'
import { behindGate, type Runtime } from './runtime.ts'
import { startOrder } from './system-message.ts'

const spawnOptions: readonly string[] = ['name', 'mailbox', 'gate'] satisfies (keyof SpawnOptions)[]
const mailboxOptions = Object.keys(mailboxDefaults)
const overflowPolicies: readonly OverflowPolicy[] = ['drop-new', 'drop-oldest', 'reject']

const noOptions: SpawnOptions = {}

/** Starts a child of `parent`. @throws ActorError see `ActorContext.spawn` */
export function spawnIn<M>(
  runtime: Runtime,
  parent: Cell,
  behavior: Behavior<M>,
  options: SpawnOptions = noOptions,
): ActorRef<M> {
  if (options !== noOptions) knownNames('spawn()', options, spawnOptions)
  // What begins anew lets go of its children first: one that came later would be left over.
  if (parent.isEnding || parent.stage === 'restarting')
    throw ActorError.stopped(parent.path || 'The actor system')
  const name = options.name === undefined ? freeName(parent) : checkedName(options.name)
  const mailbox = options.mailbox
    ? checkedMailbox('spawn()', options.mailbox, runtime.mailbox)
    : runtime.mailbox
  // Only refs for its messages, and its own context, ever put one into its mailbox.
  const untyped = spiedOn(parent, behavior as unknown as Behavior<unknown>)
  const cell = new Cell(runtimeFor(runtime, options), parent, name, untyped, mailbox)
  if (options.name !== undefined && parent.ties.has(name)) throw ActorError.nameTaken(cell.path)
  parent.ties.addChild(cell)
  cell.order(startOrder)
  return cell.ref
}

function runtimeFor(runtime: Runtime, { gate }: SpawnOptions): Runtime {
  if (gate === undefined) return runtime
  capable('spawn()', 'gate', gate, ['isOpen', 'subscribe'], 'a gate')
  return behindGate(runtime, gate)
}

/** Whoever looks at all that an actor does looks at its children too. */
function spiedOn(parent: Cell, behavior: Behavior<unknown>): Behavior<unknown> {
  let spied = behavior
  for (const observe of parent.extras?.wrapping.spies ?? []) spied = spyOnAll(spied, observe)
  return spied
}

function freeName(parent: Cell): string {
  return `$${(parent.ties.named++).toString(36)}`
}

const nameForm = /^[A-Za-z0-9_.:@~+=-][A-Za-z0-9_.:@~+=$-]{0,199}$/

function checkedName(name: string): string {
  if (typeof name === 'string' && nameForm.test(name)) return name
  const allowed = 'a text of 1 to 200 letters, digits and _.:@~+=-, or nothing'
  throw ActorError.invalidOption('spawn()', 'name', name, allowed)
}

/**
 * Looks at settings before there is an actor that has them: for layers which start theirs later.
 *
 * @param of - what they are an option of, for the error
 * @returns the same
 * @throws ActorError `CASTY_ACTOR_INVALID_OPTION`
 */
export function checkMailbox(
  of: string,
  given: Partial<MailboxSettings>,
): Partial<MailboxSettings> {
  checkedMailbox(of, given, mailboxDefaults)
  return given
}

/** @throws ActorError `CASTY_ACTOR_INVALID_OPTION` */
export function checkedMailbox(
  of: string,
  given: Partial<MailboxSettings>,
  defaults: MailboxSettings,
): MailboxSettings {
  knownNames(`mailbox of ${of}`, given, mailboxOptions)
  const {
    capacity = defaults.capacity,
    overflow = defaults.overflow,
    stashCapacity = defaults.stashCapacity,
  } = given
  checkCapacity(of, 'mailbox.capacity', capacity)
  checkCapacity(of, 'mailbox.stashCapacity', stashCapacity)
  if (!overflowPolicies.includes(overflow)) {
    const allowed = `one of ${overflowPolicies.join(', ')}`
    throw ActorError.invalidOption(of, 'mailbox.overflow', overflow, allowed)
  }
  return { capacity, overflow, stashCapacity }
}

function checkCapacity(of: string, option: string, capacity: number): void {
  if ((Number.isInteger(capacity) || capacity === Infinity) && capacity >= 1) return
  throw ActorError.invalidOption(of, option, capacity, 'an integer from 1, or Infinity')
}
