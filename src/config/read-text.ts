import { whyUnreadable } from '../base/failure.ts'
import type { Files } from './files.ts'

/** The text of a file that a setting names, or why it cannot be had. */
export function readText(path: string, files: Files): { text: string } | { why: string } {
  try {
    return { text: files.read(path) }
  } catch (error) {
    return { why: whyUnreadable(error) }
  }
}
