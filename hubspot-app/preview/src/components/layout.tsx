import { Children, type CSSProperties } from 'react';
import { cx, size, testId, type Props } from './base.ts';

const flexAlign = (v: string | undefined) => (v === 'start' || v === 'end' ? `flex-${v}` : v);
const justify = (v: string | undefined) => (v === 'around' || v === 'between' ? `space-${v}` : flexAlign(v));

export function Flex(p: Props) {
  const style: CSSProperties = {
    flexDirection: p.direction ?? 'row',
    justifyContent: justify(p.justify),
    alignItems: flexAlign(p.align),
    alignSelf: flexAlign(p.alignSelf),
    flexWrap: p.wrap === true || p.wrap === 'wrap' ? 'wrap' : 'nowrap',
  };
  return (
    <div
      className={cx('flex', p.direction === 'column' && 'column', `gap-${size(p.gap, 'flush')}`)}
      style={style}
      {...testId(p)}
    >
      {p.children}
    </div>
  );
}

export function Stack(p: Props) {
  return <Flex {...p} direction={p.direction ?? 'column'} gap={p.distance ?? 'sm'} />;
}

export function Inline(p: Props) {
  return <Flex {...p} direction="row" gap={p.gap ?? 'sm'} align={p.align ?? 'center'} wrap />;
}

export function Box(p: Props) {
  const flex = typeof p.flex === 'number' ? `${p.flex} 1 0` : p.flex;
  return (
    <div className="box" style={{ flex, alignSelf: flexAlign(p.alignSelf) }} {...testId(p)}>
      {p.children}
    </div>
  );
}

export function AutoGrid(p: Props) {
  const width = `min(100%, ${p.columnWidth}px)`;
  return (
    <div
      className={cx('grid', `gap-${size(p.gap, 'flush')}`)}
      style={{
        gridTemplateColumns: p.flexible ? `repeat(auto-fit, minmax(${width}, 1fr))` : `repeat(auto-fill, ${width})`,
      }}
      {...testId(p)}
    >
      {p.children}
    </div>
  );
}

export function Divider(p: Props) {
  return <hr className={`divider gap-${size(p.size ?? p.distance, 'sm')}`} {...testId(p)} />;
}

export function Spacer(p: Props) {
  return <div className={`spacer gap-${size(p.size, 'sm')}`} {...testId(p)} />;
}

export function Tile(p: Props) {
  return (
    <div className={cx('tile', p.compact && 'compact', p.flush && 'flush')} {...testId(p)}>
      {p.children}
    </div>
  );
}

export function Card(p: Props) {
  return (
    <div className="tile" {...testId(p)}>
      {p.children}
    </div>
  );
}

export function List(p: Props) {
  const Tag = p.variant?.startsWith('ordered') ? 'ol' : 'ul';
  return (
    <Tag className={cx('list', p.variant)} {...testId(p)}>
      {Children.map(p.children, (child) => (
        <li>{child}</li>
      ))}
    </Tag>
  );
}

export function DescriptionList(p: Props) {
  return (
    <dl className={cx('description-list', p.direction ?? 'column')} {...testId(p)}>
      {p.children}
    </dl>
  );
}

export function DescriptionListItem(p: Props) {
  return (
    <div {...testId(p)}>
      <dt>{p.label}</dt>
      <dd>{p.children}</dd>
    </div>
  );
}
