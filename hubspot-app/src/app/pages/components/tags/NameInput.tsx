import { Input } from '@hubspot/ui-extensions';
import { ErrorAlert, useProblem, type ApiError } from '@lumo/screens';
import { useNameProblem } from './names.ts';

interface Props {
  name: string;
  label: string;
  help: string;
  value: string;
  onInput: (value: string) => void;
  /** What the server said. */
  error: ApiError | null;
}

/** A tag's name with what is wrong with it, and whatever else the server refused. */
export const NameInput = ({ name, label, help, value, onInput, error }: Props) => {
  const problem = useProblem();
  const wrong = useNameProblem()(value);
  const refused = error && (error.code === 'INVALID_NAME' || error.code === 'NAME_TAKEN') ? error : null;
  const message = (value !== '' && wrong) || (refused && problem(refused).text) || '';
  return (
    <>
      <Input
        name={name}
        label={label}
        description={help}
        required
        value={value}
        onInput={onInput}
        error={message !== ''}
        {...(message !== '' && { validationMessage: message })}
      />
      {!refused && <ErrorAlert error={error} />}
    </>
  );
};
