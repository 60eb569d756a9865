import { expect, it } from 'vitest'
import { GoneController } from '../../src/base/async.ts'

it('everybody who listens is told, once', () => {
  const leaving = new GoneController()
  const told: string[] = []
  leaving.addEventListener('abort', () => told.push('first'))
  leaving.addEventListener('abort', () => told.push('second'))
  leaving.abort()
  leaving.abort()
  expect(told).toEqual(['first', 'second'])
  expect(leaving.aborted).toBe(true)
})

it('nobody is told who has stopped listening', () => {
  const leaving = new GoneController()
  const told: string[] = []
  const listener = () => told.push('told')
  leaving.addEventListener('abort', listener)
  leaving.removeEventListener('abort', listener)
  leaving.abort()
  expect(told).toEqual([])
})

it('a listener that is told may stop the others from listening', () => {
  const leaving = new GoneController()
  const told: string[] = []
  const other = () => told.push('other')
  leaving.addEventListener('abort', () => leaving.removeEventListener('abort', other))
  leaving.addEventListener('abort', other)
  leaving.abort()
  expect(told).toEqual([])
})
