import { Button, Flex, SearchInput, Select, useDebounce } from '@hubspot/ui-extensions';
import { useText, type FollowStatus, type TagRow } from '@lumo/screens';
import { useState } from 'react';

interface Choice {
  search: string;
  follow: string;
  linked: string;
  tag: string;
}

const NOTHING: Choice = { search: '', follow: '', linked: '', tag: '' };
const FOLLOW = ['following', 'blocked', 'unknown'] as const satisfies readonly FollowStatus[];

export interface Filter {
  now: Choice;
  /** The same a moment later, so that not every key asks the server. */
  wanted: Choice;
  active: boolean;
  set: (more: Partial<Choice>) => void;
  clear: () => void;
}

export function useFilter(): Filter {
  const [now, setNow] = useState(NOTHING);
  const search = useDebounce(now.search.trim());
  const wanted = { ...now, search };
  return {
    now,
    wanted,
    active: Object.values(wanted).some((value) => value !== ''),
    set: (more) => setNow((last) => ({ ...last, ...more })),
    clear: () => setNow(NOTHING),
  };
}

/** What the API understands of it. */
export function queryOf({ search, follow, linked, tag }: Choice) {
  const status = FOLLOW.find((known) => known === follow);
  return {
    ...(search && { search }),
    ...(status && { follow: status }),
    ...(linked && { linked: linked === 'true' }),
    ...(tag && { tag }),
  };
}

export const FilterBar = ({ filter, tags }: { filter: Filter; tags: TagRow[] }) => {
  const t = useText('friends');
  const { now, set } = filter;
  const any = { value: '', label: t('filter.any') };
  return (
    <Flex gap="small" align="end" wrap>
      <SearchInput
        name="search"
        label={t('search')}
        value={now.search}
        onInput={(search) => set({ search })}
        onChange={(search) => set({ search: search ?? '' })}
        clearable
      />
      <Select
        name="follow"
        label={t('filter.follow')}
        value={now.follow}
        options={[any, ...FOLLOW.map((value) => ({ value, label: t(`follow.${value}`) }))]}
        onChange={(follow) => set({ follow: String(follow) })}
      />
      <Select
        name="linked"
        label={t('filter.link')}
        value={now.linked}
        options={[any, { value: 'true', label: t('filter.linked') }, { value: 'false', label: t('filter.notLinked') }]}
        onChange={(linked) => set({ linked: String(linked) })}
      />
      <Select
        name="tag"
        label={t('filter.tag')}
        value={now.tag}
        options={[any, ...tags.map(({ id, name }) => ({ value: id, label: name }))]}
        onChange={(tag) => set({ tag: String(tag) })}
      />
      <Button size="sm" disabled={!filter.active} onClick={filter.clear} testId="clear-filters">
        {t('filter.clear')}
      </Button>
    </Flex>
  );
};
