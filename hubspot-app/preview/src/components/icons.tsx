import { cx, size, testId, type Props } from './base.ts';

// Own line drawings on a 24-unit grid, for the icons that extensions use most. Any other name is a plain dot.
const PATHS: Record<string, string> = {
  add: 'M12 5v14M5 12h14',
  attach: 'M17 8l-7 7a2.5 2.5 0 0 0 3.500 3.500l7-7a4.500 4.500 0 0 0-6.400-6.400l-7 7a6.500 6.500 0 0 0 9.200 9.200',
  block: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM6 6l12 12',
  bulb: 'M9 18h6M10 21h4M12 3a6 6 0 0 0-3.500 10.900V16h7v-2.100A6 6 0 0 0 12 3z',
  checkCircle: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12l3 3 5-6',
  circleHollow: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 3',
  comment: 'M4 5h16v11H10l-5 4v-4H4z',
  contact: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21a8 8 0 0 1 16 0',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  dataSync: 'M4 9h14l-4-4M20 15H6l4 4',
  date: 'M4 6h16v14H4zM4 10h16M8 3v5M16 3v5',
  delete: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  description: 'M6 3h12v18H6zM9 8h6M9 12h6M9 16h4',
  downCarat: 'M6 9l6 6 6-6',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  edit: 'M4 20l1-5L16 4l4 4L9 19zM14 6l4 4',
  ellipses: 'M5 12h.010M12 12h.010M19 12h.010',
  email: 'M3 6h18v13H3zM3 7l9 7 9-7',
  exclamation: 'M12 5v9M12 18v.010',
  exclamationCircle: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v6M12 16.500v.010',
  externalLink: 'M9 5H5v14h14v-4M13 5h6v6M19 5l-8 8',
  filter: 'M4 5h16l-6 8v6l-4-2v-4z',
  gauge: 'M4 17a8 8 0 1 1 16 0M12 17l4-6',
  globe: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18',
  hide: 'M3 12c5-8 13-8 18 0-5 8-13 8-18 0zM4 20L20 4',
  home: 'M4 11l8-7 8 7v9h-5v-6H9v6H4z',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.010',
  inbox: 'M4 5h16v14H4zM4 13h5l1 3h4l1-3h5',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7.500v.010',
  integrations: 'M9 3v6M15 3v6M6 9h12v3a6 6 0 0 1-12 0zM12 18v3',
  key: 'M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 12l9-9M16 7l3 3',
  left: 'M15 5l-7 7 7 7',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  listView: 'M8 6h12M8 12h12M8 18h12M4 6h.010M4 12h.010M4 18h.010',
  locked: 'M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3',
  messages: 'M3 4h13v9H9l-4 3v-3H3zM10 16h5l4 3v-3h2V8h-2',
  mobile: 'M8 3h8v18H8zM11 18h2',
  notification: 'M6 17V10a6 6 0 0 1 12 0v7zM4 17h16M10 20h4',
  pin: 'M9 4h6l-1 6 3 3H7l3-3zM12 13v7',
  question: 'M9 9a3 3 0 1 1 4 3l-1 2M12 17.500v.010',
  questionCircle: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.500 10a2.500 2.500 0 1 1 3.500 2.300l-1 1.700M12 17v.010',
  refresh: 'M19 8a8 8 0 1 0 1 6M20 4v5h-5',
  remove: 'M6 6l12 12M18 6L6 18',
  reports: 'M5 20V11M12 20V5M19 20v-7M3 20h18',
  right: 'M9 5l7 7-7 7',
  save: 'M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6',
  search: 'M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15 15l6 6',
  send: 'M3 11l18-8-8 18-2-8z',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4',
  star: 'M12 3l2.700 6 6.300.600-4.800 4.200 1.500 6.200L12 16.700 6.300 20l1.500-6.200L3 9.600 9.300 9z',
  success: 'M5 12l5 5 9-10',
  tag: 'M4 4h8l8 8-8 8-8-8zM8 8h.010',
  text: 'M5 6h14M12 6v13',
  thumbsUp: 'M4 11h3v9H4zM7 11l4-7a2 2 0 0 1 3 2l-1 4h6l-2 10H7',
  upCarat: 'M6 15l6-6 6 6',
  upload: 'M12 16V5M7 9l5-5 5 5M5 20h14',
  view: 'M3 12c5-8 13-8 18 0-5 8-13 8-18 0zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  warning: 'M12 4L2.500 20h19zM12 10v5M12 17.500v.010',
  workflows: 'M4 4h6v6H4zM14 14h6v6h-6zM7 10v7h7',
  xCircle: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9 9l6 6M15 9l-6 6',
};
const SAME: Record<string, string> = {
  time: 'clock',
  contacts: 'contact',
  comments: 'comment',
  duplicate: 'copy',
  language: 'globe',
  x: 'remove',
  favorite: 'star',
  rotate: 'refresh',
  redo: 'refresh',
  book: 'description',
  documents: 'description',
  file: 'description',
  mention: 'contact',
  replace: 'dataSync',
  lessCircle: 'exclamationCircle',
};

export const drawn = (name: string) => name in PATHS || name in SAME;

export function Icon(p: Props) {
  const name = String(p.name);
  const path = PATHS[name] ?? PATHS[SAME[name] ?? ''];
  const label = p.screenReaderText as string | undefined;
  return (
    <svg
      className={cx('icon', size(p.size), p.color)}
      viewBox="0 0 24 24"
      role={label ? 'img' : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : true}
      data-icon={name}
      {...testId(p)}
    >
      {path ? <path d={path} /> : <circle cx="12" cy="12" r="5" className="dot" />}
    </svg>
  );
}

/** A quiet drawing in the place of HubSpot's illustrations, which are HubSpot's own. */
export function Art({ kind, width, alt }: { kind: 'empty' | 'error' | 'lock'; width?: number; alt?: string }) {
  return (
    <svg
      className={cx('art', kind)}
      viewBox="0 0 160 110"
      style={{ width: Math.min(width ?? 180, 220) }}
      role={alt ? 'img' : undefined}
      aria-label={alt}
      aria-hidden={alt ? undefined : true}
    >
      <ellipse cx="80" cy="100" rx="62" ry="6" className="ground" />
      <rect x="34" y="22" width="80" height="66" rx="6" className="sheet" />
      <path d="M46 40h40M46 52h56M46 64h28" className="lines" />
      {kind === 'empty' && <circle cx="112" cy="70" r="19" className="disc" />}
      {kind === 'empty' && <path d="M112 62v16M104 70h16" className="sign" />}
      {kind === 'error' && <path d="M112 46l22 38H90z" className="disc" />}
      {kind === 'error' && <path d="M112 60v11M112 77v.010" className="sign" />}
      {kind === 'lock' && <rect x="94" y="58" width="36" height="28" rx="4" className="disc" />}
      {kind === 'lock' && <path d="M103 58v-6a9 9 0 0 1 18 0v6" className="sign dark" />}
    </svg>
  );
}
