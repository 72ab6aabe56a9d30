export * from './FieldEditor.tsx';
export * from './FriendFields.tsx';
export * from './FriendHead.tsx';
export * from './LinkFacts.tsx';
export * from './TagEditor.tsx';
export * from './useAllTags.ts';
export * from './useMay.ts';
export * from './moment.ts';
