import type { News } from '../news.ts'

/** One line per piece of news, with what is of use to a machine; undefined for views and hints. */
export function jsonLine(news: News, atMs: number): string | undefined {
  const line = contents(news)
  return line && JSON.stringify({ atMs: round(atMs), ...line })
}

/** How a run ended: with its story told, with a step that failed, or before it could be told at all. */
export type RunEnd =
  | { readonly ok: true }
  | { readonly ok: false; readonly explanations: readonly object[] }
  | { readonly ok: false; readonly reason: string }

/** The last line, whatever becomes of the run. */
export function jsonEnd(atMs: number, end: RunEnd): string {
  return JSON.stringify({ atMs: round(atMs), type: 'end', ...end })
}

function contents(news: News): object | undefined {
  switch (news.type) {
    case 'node-view':
    case 'notice':
    case 'story-told':
      return undefined
    case 'node-event':
      return { type: 'event', node: news.node, event: news.event }
    case 'step-started':
      return { type: news.type, ...news.step }
    case 'step-ended': {
      const { type: status, elapsedMs, ...rest } = news.outcome
      return { type: 'step', ...news.step, status, elapsedMs: round(elapsedMs), ...rest }
    }
    default:
      return news
  }
}

/** Microseconds are as far as it is worth going. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000
}
