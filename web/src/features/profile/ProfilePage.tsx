import { useQuery } from "@tanstack/react-query";
import { Async } from "@/ui/Async";
import { Page, Section } from "@/ui/Page";
import { AvailabilityEditor } from "./AvailabilityEditor";
import { CvUpload } from "./CvUpload";
import { ProfileForm } from "./ProfileForm";
import classes from "./ProfilePage.module.css";
import { profileQuery, readingsQuery } from "./queries";
import { ReadingView } from "./ReadingView";

/** The profile as it stands, the document it was read from, and when the person is free. */
export function ProfilePage() {
  const profile = useQuery(profileQuery);
  const readings = useQuery(readingsQuery);
  const newest = readings.data?.items[0];
  return (
    <Page title="Profile & CVs" state="Positions find you by your skills and your dates.">
      <Async query={profile}>
        {(mine) => (
          <>
            <CvUpload first={readings.isSuccess && newest === undefined} />
            <div className={classes.columns}>
              <Section title="Your profile">
                <ProfileForm profile={mine} />
              </Section>
              <div id="availability">
                <Section title="When you are free">
                  <AvailabilityEditor availability={mine.availability} />
                </Section>
              </div>
            </div>
            {newest && readings.data && <ReadingView readings={readings.data.items} profile={mine} />}
          </>
        )}
      </Async>
    </Page>
  );
}
