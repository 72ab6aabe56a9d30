import { hubspot } from '@hubspot/ui-extensions';
import { SettingsScreen } from './components/SettingsScreen.tsx';

hubspot.extend<'settings'>(() => <SettingsScreen />);
