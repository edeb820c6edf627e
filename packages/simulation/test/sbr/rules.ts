import { keepMajority, rule, type ResolverRuling, type RulingCause } from '@casty/sbr'
import { recordOf } from '../../src/sbr/record.ts'
import { node, puppet, type Script } from '../membership/puppets.ts'

/** A host rules on what it shows at that moment. */
export function rules(
  host: string,
  cause: RulingCause,
  down: string = '',
  dataCenter: string = 'default',
): Script[number][1] {
  return (run) => {
    const by = node(host)
    const state = puppet(run, host).getState()
    const view = {
      self: by.key,
      dataCenter,
      members: state.members,
      observations: [],
      unreachable: state.unreachable,
      seenBy: state.seen,
    }
    const ruling: ResolverRuling = {
      ...rule(keepMajority(), view),
      cause,
      at: 0,
      down: down.split(' ').filter(Boolean).map(node),
    }
    recordOf(run).add({ at: run.world.now, host, by: by.key, ruling })
  }
}
