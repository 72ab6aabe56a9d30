import { useExtensionContext } from '@hubspot/ui-extensions';
import { useMemo } from 'react';
import { useLanguage } from './i18n/useText.ts';

export interface Format {
  /** 30 Nov 2026, 09:15 */
  dateTime: (at: number | null) => string;
  /** 30 Nov, 09:15: for the axis of a chart */
  short: (at: number) => string;
  number: (n: number) => string;
  /** 30 Nov 2026: the day that begins at a moment in Japan, where LINE counts */
  dayInJapan: (at: number) => string;
  /** 0.799 is 79%: a whole is only what is whole */
  percent: (share: number) => string;
  /** 2 min 5 s */
  duration: (ms: number) => string;
}

const UNITS = [
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** Dates in the portal's time zone, numbers in the user's way. */
export function formatIn(locale: string, timeZone: string): Format {
  const zone = isZone(timeZone) ? timeZone : 'UTC';
  const long = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: zone });
  const short = new Intl.DateTimeFormat(locale, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: zone,
  });
  const number = new Intl.NumberFormat(locale);
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'Asia/Tokyo' });
  const percent = new Intl.NumberFormat(locale, { style: 'percent' });
  return {
    dateTime: (at) => (at === null ? '–' : long.format(at)),
    short: (at) => short.format(at),
    number: (n) => number.format(n),
    dayInJapan: (at) => day.format(at),
    percent: (share) => percent.format(Math.floor(share * 100) / 100),
    duration: (ms) => {
      const parts: string[] = [];
      let rest = Math.max(1_000, ms);
      for (const [unit, size] of UNITS) {
        const count = Math.floor(rest / size);
        rest -= count * size;
        if (count > 0 && parts.length < 2) {
          parts.push(new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(count));
        }
      }
      return parts.join(' ');
    },
  };
}

function isZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return timeZone !== '';
  } catch {
    return false;
  }
}

/** `timeZone` is what the server says is in effect; before it is known, HubSpot's own. */
export function useFormat(timeZone?: string): Format {
  const { locale } = useLanguage();
  const { portal } = useExtensionContext();
  const zone = timeZone ?? portal.timezone;
  return useMemo(() => formatIn(locale, zone), [locale, zone]);
}
