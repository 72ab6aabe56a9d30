import type {
  ConditionOperator,
  ConditionType,
  SegmentChoices,
  SegmentCondition,
  SegmentProblem,
  SegmentTree,
} from '@lumo/screens';

/** In the address of a segment that is not kept yet. */
export const NEW = 'new';

export type ValueKind = 'text' | 'number' | 'day' | 'option';

/** The operators that a condition offers; those of a property depend on the property. */
export function operatorsOf(choices: SegmentChoices, { type, ref }: SegmentCondition): ConditionOperator[] {
  if (type !== 'property') return choices.types.find((known) => known.type === type)?.operators ?? [];
  return choices.properties.find(({ property }) => property === ref)?.operators ?? [];
}

/** A condition of a type with nothing chosen yet. */
export function blank(choices: SegmentChoices, type: ConditionType, ref?: string): SegmentCondition {
  const condition: SegmentCondition = { type, op: 'is', ...(ref !== undefined && { ref }) };
  return { ...condition, op: operatorsOf(choices, condition)[0] ?? 'is' };
}

/** How many values an operator compares: none, one, two, or any number. */
export function valuesOf(op: ConditionOperator): 0 | 1 | 2 | 'many' {
  switch (op) {
    case 'is':
    case 'is_not':
    case 'contains':
    case 'not_contains':
    case 'by':
      return 'many';
    case 'gt':
    case 'lt':
      return 1;
    case 'between':
      return 2;
    default:
      return 0;
  }
}

/** Another comparison of the same; values stay where they still mean the same. */
export function withOperator(condition: SegmentCondition, op: ConditionOperator): SegmentCondition {
  const { type, ref, values, orUnknown } = condition;
  const same = valuesOf(op) === valuesOf(condition.op) && valuesOf(op) !== 0;
  return {
    type,
    op,
    ...(ref !== undefined && { ref }),
    ...(same && values && { values }),
    ...(orUnknown && { orUnknown }),
    ...(op === 'last_days' && { days: 30 }),
  };
}

/** Whether it makes a difference that something is unknown of a friend (P-121). */
export function mayBeUnknown(choices: SegmentChoices, { type, op }: SegmentCondition): boolean {
  if (op === 'known' || op === 'unknown') return false;
  return choices.types.find((known) => known.type === type)?.orUnknown ?? false;
}

const REFERRING: readonly ConditionType[] = ['tag', 'property', 'list', 'broadcast'];

/** Whether everything is filled in. Of a condition that is being put together nobody wants to hear what it lacks. */
export function isComplete({ type, op, ref, values = [] }: SegmentCondition): boolean {
  if (REFERRING.includes(type) && !ref) return false;
  const filled = values.filter((value) => value.trim() !== '').length;
  const most = valuesOf(op);
  return most === 'many' ? filled > 0 : filled >= most;
}

export const countOf = (tree: SegmentTree) => tree.all.reduce((sum, { any }) => sum + any.length, 0);

/** The tree as the server takes it: without what the operators do not use. */
export function sendable(choices: SegmentChoices, tree: SegmentTree): SegmentTree {
  return {
    all: tree.all.map(({ any }) => ({
      any: any.map((condition) => {
        const { type, op, ref, values, days, orUnknown } = condition;
        return {
          type,
          op,
          ...(ref && { ref }),
          ...(valuesOf(op) !== 0 && { values: (values ?? []).map((value) => value.trim()).filter(Boolean) }),
          ...(op === 'last_days' && { days: days ?? 0 }),
          ...(orUnknown && mayBeUnknown(choices, condition) && { orUnknown }),
        };
      }),
    })),
  };
}

/** What is wrong with one condition; without a condition, what belongs to none of them. */
export function problemsAt(problems: readonly SegmentProblem[], group?: number, condition?: number): SegmentProblem[] {
  if (group === undefined) return problems.filter(({ place }) => !/^tree\.all\[\d+\]\.any\[\d+\]/.test(place));
  const at = `tree.all[${group}].any[${condition}]`;
  return problems.filter(({ place }) => place === at || place.startsWith(`${at}.`));
}

/** Replaces, adds or takes away conditions; a group without any goes, too. */
export function edited(
  tree: SegmentTree,
  group: number,
  edit: (any: SegmentCondition[]) => SegmentCondition[],
): SegmentTree {
  const all = tree.all.map((old, i) => (i === group ? { any: edit(old.any) } : old));
  return { all: all.filter(({ any }) => any.length > 0) };
}
