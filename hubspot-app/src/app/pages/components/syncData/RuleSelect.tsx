import { ToggleGroup } from '@hubspot/ui-extensions';
import { useText, type Rule } from '@lumo/screens';
import { RULES } from './types.ts';

/** The choice of a sync rule, each with what it means. */
export const RuleSelect = ({
  label,
  value,
  onChange,
}: {
  label: string;
  value: Rule;
  onChange: (rule: Rule) => void;
}) => {
  const t = useText('syncData');
  const words = useText('common');
  return (
    <ToggleGroup
      toggleType="radioButtonList"
      name="rule"
      label={label}
      value={value}
      options={RULES.map((rule) => ({
        value: rule,
        label: words(`rule.${rule}`),
        description: t(`rule.help.${rule}`),
      }))}
      onChange={(chosen: string) => {
        const rule = RULES.find((known) => known === chosen);
        if (rule) onChange(rule);
      }}
    />
  );
};
