import { Flex, Heading, LoadingButton, Text, TimeInput, Toggle, useExtensionActions } from '@hubspot/ui-extensions';
import { ErrorAlert, Loadable, useAction, useApi, useText, type QuietHours as Hours } from '@lumo/screens';
import { useState } from 'react';

/** What is offered to who switches them on. */
const NIGHT = { from: 21 * 60, to: 8 * 60 };

interface Props {
  may: boolean;
  /** The zone that is in effect. */
  zone: string;
}

/** The hours in which workflows let nobody be disturbed (P-108). */
export const QuietHours = ({ may, zone }: Props) => {
  const t = useText('settings');
  const hours = useApi('GET /quiet-hours', {}, { version: zone });
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('quiet.title')}</Heading>
      <Text>{t('quiet.help')}</Text>
      <Loadable from={hours} label={t('quiet.loading')}>
        {(data) => <Editor key={`${data.from} ${data.to}`} hours={data} may={may} onSaved={hours.reload} />}
      </Loadable>
    </Flex>
  );
};

const clock = (minutes: number) => ({ hours: Math.floor(minutes / 60), minutes: minutes % 60 });
type Picked = ReturnType<typeof clock> | undefined | null;

const Editor = ({ hours, may, onSaved }: { hours: Hours; may: boolean; onSaved: () => void }) => {
  const t = useText('settings');
  const { addAlert } = useExtensionActions<'settings'>();
  const action = useAction('PUT /quiet-hours');
  const [from, setFrom] = useState(hours.from);
  const [to, setTo] = useState(hours.to);
  const [on, setOn] = useState(hours.from !== hours.to);
  const body = on ? { from, to } : { from: 0, to: 0 };
  const were = hours.from === hours.to ? { from: 0, to: 0 } : { from: hours.from, to: hours.to };
  const changed = body.from !== were.from || body.to !== were.to;
  const save = async () => {
    if (!(await action.run({ body }))) return;
    addAlert({ type: 'success', message: t('quiet.saved') });
    onSaved();
  };
  const turn = (next: boolean) => {
    setOn(next);
    if (!next || from !== to) return;
    setFrom(NIGHT.from);
    setTo(NIGHT.to);
  };
  const picked = (set: (minutes: number) => void) => (time: Picked) => time && set(time.hours * 60 + time.minutes);
  return (
    <Flex direction="column" gap="small">
      <Toggle
        name="quiet-on"
        label={t('quiet.on')}
        labelDisplay="inline"
        size="sm"
        checked={on}
        readOnly={!may}
        onChange={turn}
      />
      {on && (
        <Flex gap="small" align="end" wrap>
          <TimeInput
            name="quiet-from"
            label={t('quiet.from', { zone: hours.timeZone })}
            value={clock(from)}
            readOnly={!may}
            onChange={picked(setFrom)}
          />
          <TimeInput
            name="quiet-to"
            label={t('quiet.to', { zone: hours.timeZone })}
            value={clock(to)}
            readOnly={!may}
            onChange={picked(setTo)}
          />
        </Flex>
      )}
      {on && from === to && <Text variant="microcopy">{t('quiet.same')}</Text>}
      <ErrorAlert error={action.error} />
      <Flex>
        <LoadingButton
          loading={action.busy}
          disabled={!may || !changed || (on && from === to)}
          onClick={() => void save()}
          testId="save-quiet-hours"
        >
          {t('quiet.save')}
        </LoadingButton>
      </Flex>
    </Flex>
  );
};
