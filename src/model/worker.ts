/** One of several processes of this host, as the first of them knows it. */
export interface WorkerState {
  number: number
  pid: number
  ready: boolean
  /** How often it has ended by itself. */
  ended: number
}
