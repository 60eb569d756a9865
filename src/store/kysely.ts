import { createRequire } from 'node:module'

/**
 * kysely as CommonJS. As ES modules its 279 files take half as long again to load and more memory,
 * at every start: Node reads those one by one and all of them before any runs.
 */
export const {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  ColumnUpdateNode,
  IdentifierNode,
  Kysely,
  OperationNodeTransformer,
  OperatorNode,
  PostgresDialect,
  PrimitiveValueListNode,
  ReferenceNode,
  SelectionNode,
  SqliteDialect,
  sql,
  TableNode,
  ValueNode,
  ValuesNode,
} = createRequire(import.meta.url)('kysely') as typeof import('kysely')
