import { createContext, useContext, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { testId, type Props } from './base.ts';
import { Clickable } from './buttons.tsx';
import { resolve, type Target } from './pagelink.ts';

export interface PageHost {
  address: (page: Target) => string;
  navigate: (page: Target) => void;
}
export const PageHostContext = createContext<PageHost>({ address: () => '#', navigate: () => undefined });

/** Moves a part of the page's header, which an extension may render anywhere, to its place in the frame, which is there before. */
function Place({ id, children }: { id: string; children: ReactNode }) {
  const element = document.getElementById(id);
  return element && createPortal(children, element);
}

export function PageTitle(p: Props) {
  return (
    <Place id="page-title">
      <h1 {...testId(p)}>{p.children}</h1>
    </Place>
  );
}

const pageLink = (className: string) =>
  function PageAnchor(p: Props) {
    const { address, navigate } = useContext(PageHostContext);
    const page = resolve(p.to ?? '/', p.params);
    return (
      <a
        className={className}
        href={address(page)}
        onClick={(e) => {
          if (e.metaKey || e.ctrlKey || e.shiftKey) return;
          e.preventDefault();
          navigate(page);
        }}
        {...testId(p)}
      >
        {p.children}
      </a>
    );
  };

const action = (className: string) =>
  function Action(p: Props) {
    return (
      <Clickable p={p} className={className}>
        {p.children}
      </Clickable>
    );
  };

const header = (p: Props) => <Place id="page-actions">{p.children}</Place>;
export const PageHeader = header;
export const HeaderActions = header;

export function PageHeaderPrimaryAction(p: Props) {
  return (
    <span className="primary-action" {...testId(p)}>
      {p.children}
    </span>
  );
}

export function PageHeaderSecondaryActions(p: Props) {
  return (
    <span className="secondary-actions" {...testId(p)}>
      {p.children}
    </span>
  );
}

export const PageHeaderLink = action('btn header-action');
export const PageHeaderPageLink = pageLink('btn header-action');
export const PrimaryHeaderActionButton = action('btn primary');
export const SecondaryHeaderActionButton = action('btn secondary');

export function PageBreadcrumbs(p: Props) {
  return (
    <Place id="page-crumbs">
      <nav className="crumbs" aria-label="Breadcrumbs" {...testId(p)}>
        {p.children}
      </nav>
    </Place>
  );
}
export const PageBreadcrumbsPageLink = pageLink('crumb');
export function PageBreadcrumbsCurrent(p: Props) {
  return (
    <span className="crumb" aria-current="page" {...testId(p)}>
      {p.children}
    </span>
  );
}
export const PageLink = pageLink('link');
