import { testId, type Props } from './base.ts';

/** HubSpot fills these from the record itself; the preview says where they stand. */
export const CRM_COMPONENTS = [
  'CrmPropertyList',
  'CrmAssociationTable',
  'CrmDataHighlight',
  'CrmReport',
  'CrmAssociationPivot',
  'CrmAssociationPropertyList',
  'CrmAssociationStageTracker',
  'CrmSimpleDeadline',
  'CrmStageTracker',
  'CrmStatistics',
  'CrmActionButton',
  'CrmActionLink',
  'CrmCardActions',
] as const;

export const placeholder = (name: string) =>
  function Placeholder(p: Props) {
    return (
      <div className="placeholder" {...testId(p)}>
        {name}: HubSpot shows this part of the record here.{p.children}
      </div>
    );
  };
