import { japaneseOfPages } from './japanese-of-pages.ts'
import { japaneseOfRooms } from './japanese-of-rooms.ts'
import type { Dictionary } from './translation.ts'

/** Everything that pages may say. */
export const japanese: Dictionary = { ...japaneseOfPages, ...japaneseOfRooms }
