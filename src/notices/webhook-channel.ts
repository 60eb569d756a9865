import { createHmac } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import { WayFailure } from '../net/way-failure.ts'
import type { HttpFetch } from '../providers/http/http-fetch.ts'
import { type Channel, noticeAsJson } from './notice.ts'

export interface WebhookChannelNeeds {
  url: URL
  secret: Secret
  fetch: HttpFetch
  clock: Pick<Clock, 'now'>
}

/**
 * A signed POST, as Standard Webhooks (standardwebhooks.com) has it: the receiver takes `webhook-id`, `webhook-timestamp` and the body, each
 * followed by a dot but the last, and compares the HMAC-SHA256 of that with `webhook-signature`.
 */
export function createWebhookChannel({ url, secret, fetch, clock }: WebhookChannelNeeds): Channel {
  const key = signingKey(secret)
  return {
    name: 'webhook',
    async deliver(notice, id) {
      const now = clock.now()
      const body = noticeAsJson(notice, id, now)
      const timestamp = String(Math.floor(now / 1000))
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      }
      const status = await post(url, fetch, headers, body)
      if (status < 200 || status > 299) throw refused(url, status)
    },
  }
}

async function post(
  url: URL,
  fetch: HttpFetch,
  headers: Record<string, string>,
  body: string,
): Promise<number> {
  try {
    return (await fetch(url.href, { method: 'POST', headers, body })).status
  } catch (error) {
    throw unreached(url, error)
  }
}

/** Told is what is known of the way: other texts may name the whole address, in which webhooks often carry a secret. */
function unreached({ host }: URL, error: unknown): Failure {
  const way = error instanceof WayFailure ? error : undefined
  const message = `The webhook at ${host} cannot be reached`
  return new Failure(way?.code ?? 'provider-unavailable', way ? `${message}: ${way.message}` : message, {
    fix:
      (way?.code === 'provider-setup' ? way.fix : undefined) ??
      'Check POSTERN_NOTIFY_WEBHOOK_URL, and that its server answers.',
  })
}

function refused({ host }: URL, status: number): Failure {
  return new Failure('provider-unavailable', `The webhook at ${host} answered with HTTP status ${status}`, {
    fix: 'Check what its server says about the request; redirects are not followed.',
  })
}

/** As the scheme writes its keys, `whsec_` and base64; any other text counts as it is. */
function signingKey(secret: Secret): Buffer {
  const text = secret.reveal()
  return text.startsWith('whsec_') ? Buffer.from(text.slice(6), 'base64') : Buffer.from(text)
}
