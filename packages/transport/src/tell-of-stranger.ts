import type { EndpointContext } from './endpoint-context.ts'
import type { EndpointEvent } from './endpoint-types.ts'
import type { FailureBudget } from './failure-budget.ts'
import { sourceGroup } from './source-group.ts'

type Told = Extract<EndpointEvent, { type: 'authentication-failed' }>

/** Tells of one that dialled us and has not proved who it is, as often as `budget` allows for where it comes from. */
export function tellOfStranger(
  context: EndpointContext,
  budget: FailureBudget,
  whom: Pick<Told, 'source' | 'claimed' | 'detail'>,
): void {
  const untold = budget.failed(sourceGroup(whom.source), context.now())
  if (untold === undefined) return
  context.publish({ type: 'authentication-failed', side: 'acceptor', ...whom, untold })
}
