import type { SpawnOptions } from './actor-context.ts'
import type { ActorRef } from './actor-ref.ts'
import type { Behavior } from './behavior.ts'
import { Cell } from './cell.ts'
import { ActorError } from './errors.ts'
import { mailboxDefaults, type MailboxSettings, type OverflowPolicy } from './mailbox.ts'
import type { Runtime } from './runtime.ts'

const overflowPolicies: readonly OverflowPolicy[] = ['drop-new', 'drop-oldest', 'reject']

/** Starts a child of `parent`. @throws ActorError see `ActorContext.spawn` */
export function spawnIn<M>(
  runtime: Runtime,
  parent: Cell,
  behavior: Behavior<M>,
  options: SpawnOptions = {},
): ActorRef<M> {
  if (parent.stage === 'stopping' || parent.stage === 'stopped') {
    throw ActorError.stopped(parent.path)
  }
  const { children } = parent.ties
  const name = options.name === undefined ? freeName(parent) : checkedName(options.name)
  const mailbox = options.mailbox
    ? checkedMailbox(options.mailbox, runtime.mailbox)
    : runtime.mailbox
  // Only refs for its messages, and its own context, ever put one into its mailbox.
  const untyped = behavior as unknown as Behavior<unknown>
  const cell = new Cell(runtime, parent, name, untyped, mailbox)
  if (children.has(name)) throw ActorError.nameTaken(cell.path)
  children.set(name, cell)
  cell.order({ type: 'start' })
  return cell.ref
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

/** @throws ActorError `CASTY_ACTOR_INVALID_OPTION` */
export function checkedMailbox(
  given: Partial<MailboxSettings>,
  defaults: MailboxSettings = mailboxDefaults,
): MailboxSettings {
  const { capacity = defaults.capacity, overflow = defaults.overflow } = given
  if (!(Number.isInteger(capacity) || capacity === Infinity) || capacity < 1) {
    throw ActorError.invalidOption('spawn()', 'mailbox.capacity', capacity, 'an integer from 1')
  }
  if (!overflowPolicies.includes(overflow)) {
    const allowed = `one of ${overflowPolicies.join(', ')}`
    throw ActorError.invalidOption('spawn()', 'mailbox.overflow', overflow, allowed)
  }
  return { capacity, overflow }
}
