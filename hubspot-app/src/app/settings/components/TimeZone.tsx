import { Select } from '@hubspot/ui-extensions';
import { useText } from '@lumo/screens';

interface Props {
  /** An IANA name; empty: as in HubSpot. */
  value: string;
  /** The zone that is in effect. */
  zone: string;
  readOnly: boolean;
  fault: string | undefined;
  onChange: (value: string) => void;
}

/** A Select with an empty value shows nothing as chosen. */
const AS_IN_HUBSPOT = 'hubspot';

/** All zones that the browser knows, and the one that is set. */
export const zonesWith = (value: string): string[] => {
  const known = new Set(['UTC', ...Intl.supportedValuesOf('timeZone')]);
  if (value !== '') known.add(value);
  return [...known].sort();
};

/** The time zone by its IANA name (P-74). HubSpot puts a search above so many options. */
export const TimeZone = ({ value, zone, readOnly, fault, onChange }: Props) => {
  const t = useText('settings');
  return (
    <Select
      name="time-zone"
      label={t('options.timeZone')}
      description={t('options.timeZoneHelp', { zone })}
      value={value || AS_IN_HUBSPOT}
      readOnly={readOnly}
      options={[
        { value: AS_IN_HUBSPOT, label: t('options.timeZoneHubSpot') },
        ...zonesWith(value).map((name) => ({ value: name, label: name })),
      ]}
      error={fault !== undefined}
      {...(fault !== undefined && { validationMessage: fault })}
      onChange={(chosen) => onChange(chosen === AS_IN_HUBSPOT ? '' : String(chosen ?? ''))}
    />
  );
};
