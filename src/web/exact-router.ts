import { Router } from 'express'

/** A router whose paths are exactly as they are written: what a proxy in front keeps inside by its path has no second spelling. */
export function exactRouter(): Router {
  return Router({ caseSensitive: true, strict: true })
}
