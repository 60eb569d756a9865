import type { Request } from 'express'
import { sourceOf } from '../base/source.ts'

/** Where a request comes from, as it is counted, logged and shown. No header is believed. */
export function sourceKey({ socket }: Pick<Request, 'socket'>): string {
  return sourceOf(socket.remoteAddress ?? '').key
}
