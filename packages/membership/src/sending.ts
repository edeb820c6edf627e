import type { NodeIdentity } from '@casty/transport'
import type { Gossip } from './gossip.ts'
import type { MembershipEffect } from './membership-state.ts'
import type { MembershipMessage } from './messages.ts'

export function gossipTo(to: NodeIdentity, gossip: Gossip): MembershipEffect {
  return sendTo(to, { type: 'gossip', gossip })
}

export function sendTo(to: NodeIdentity, message: MembershipMessage): MembershipEffect {
  return { type: 'send', to, message }
}
