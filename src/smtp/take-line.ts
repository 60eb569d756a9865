import type { InputBuffer } from '../wire/input-buffer.ts'
import type { SessionEvent } from './session-events.ts'

/** The next line of the input, as the session wants it; undefined while none is whole. `limit` in octets, its CRLF not counted. */
export function takeLine(input: InputBuffer, limit: number): SessionEvent | undefined {
  const taken = input.takeLine(limit)
  switch (taken.kind) {
    case 'line':
      return taken
    case 'too-long':
      return { kind: 'line-too-long', start: taken.start }
    case 'forbidden':
      return { kind: 'line-forbidden', start: taken.start }
    case 'more':
      return undefined
  }
}
