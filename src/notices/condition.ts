import type { Notice } from './notice.ts'

/** Something that is so now, and that somebody has to be told until it is not any more. */
export interface Condition extends Omit<Notice, 'consentLink'> {
  /** How far it has come: another one is told at once. */
  stage: string
  /** It is told again after a while, until it is solved. */
  repeats: boolean
  /** Asked before it is told again, where somebody can find out whether it is still so. */
  stillSo?: () => Promise<boolean>
}

/** Where conditions come from. Asked again and again; what it no longer names is solved. @throws Failure `store-unavailable` */
export type Conditions = () => Promise<readonly Condition[]>
